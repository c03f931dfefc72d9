// Everything above is only offered once all of it works.

for (const tools of all("[data-table][hidden]")) tools.hidden = false;
sortTables();
filterTables();
copyTables();
followLinks();
fitSmallScreens();
hoverPlots();
zoomPlots();
compareRuns();
slideClips();
showLiveCurves();
