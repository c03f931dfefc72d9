import os
import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from reports.tables.cells import RunLink
from tests.reports.site_contents import build_site, fill, table7
from tests.servers.mlflow_server import mlflow_server

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SCREENSHOTS = Path(os.environ.get("COMBO_SCREENSHOTS", Path(__file__).parents[2] / "screenshots"))
"""Where pictures of all pages are kept to be looked at."""


@pytest.fixture(scope="module", autouse=True)
def browser():
    """A real browser; ended with the module, because its event loop would be in the way of others."""
    executable = next(filter(None, map(shutil.which, BROWSERS)), None)
    if executable is None:
        pytest.skip(f"no browser is installed: {', '.join(BROWSERS)}")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def logged_run(tmp_path_factory):
    """The first trial of Table 7 as a run on an MLflow server: its key and the run's address."""
    from mlflow import MlflowClient

    with mlflow_server(tmp_path_factory.mktemp("mlflow")) as address:
        client = MlflowClient(address)
        experiment = client.create_experiment("combo/table7")
        run = client.create_run(experiment, run_name="lambda-0 s4 seed 0").info.run_id
        client.log_metric(run, "test/m_j", 0.61)
        client.set_terminated(run)
        yield table7()[1][0].key, RunLink(run, f"{address}/#/experiments/{experiment}/runs/{run}")


@pytest.fixture(scope="module")
def site(logged_run, tmp_path_factory):
    """The folder of a site with a link to the run."""
    storage = fill(tmp_path_factory.mktemp("storage"))
    return build_site(storage, tmp_path_factory.mktemp("site"), dict([logged_run]))


@pytest.fixture(scope="module")
def web(site):
    """Address of the site on a web server."""
    handler = partial(_Silent, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(params=["disk", "web"])
def root(request, site):
    """Address of the site, from disk and from a web server."""
    return site.as_uri() if request.param == "disk" else request.getfixturevalue("web")


@pytest.fixture
def look(browser):
    """Opens pages. At the end none of them may have complained, or loaded anything from elsewhere."""
    contexts, complaints, requests = [], [], []

    def open_page(address, width=1280, height=860, **options):
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("requestfailed", lambda request: complaints.append(request.url))
        page.on("request", lambda request: requests.append((request.url, address)))
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not complaints
    for url, address in requests:
        assert url.startswith((_origin(address), "data:")), url


def _origin(address):
    return "/".join(address.split("/")[:3]) + "/"


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass
