import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import count

import pytest

from reports.tables.cells import RunLink
from tests.reports.predicted_clips import clip_prediction, store_prediction
from tests.reports.site_contents import build_site, fill, table7
from tests.servers.mlflow_server import mlflow_server

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
VISITS = count()


@pytest.fixture(scope="package", autouse=True)
def browser():
    """A real browser; ended with this folder's tests, because its event loop would be in the way of others."""
    executable = next(filter(None, map(shutil.which, BROWSERS)), None)
    from playwright.sync_api import sync_playwright

    if executable is None:
        pytest.skip(f"no browser is installed: {', '.join(BROWSERS)}")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable)
        yield chromium
        chromium.close()


@pytest.fixture(scope="package")
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


@pytest.fixture(scope="package")
def site(logged_run, tmp_path_factory):
    """The folder of a site with a link to the run, and with a clip that two rows have predicted."""
    storage = fill(tmp_path_factory.mktemp("storage"))
    for trial, m_j in ((table7()[1][0], 0.61), (table7()[1][3], 0.71)):
        store_prediction(storage.root, trial, clip_prediction("clip-0", "dog", m_j))
    return build_site(storage, tmp_path_factory.mktemp("site"), dict([logged_run]))


@pytest.fixture(scope="package")
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


class Window:
    """A window of the browser, with what its pages complained of and what they loaded."""

    def __init__(self, browser, options):
        self.complaints, self.requests, self._viewport = [], [], options["viewport"]
        self._page = page = browser.new_context(**options).new_page()
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("requestfailed", lambda request: self.complaints.append(request.url))
        page.on("request", lambda request: self.requests.append(request.url))

    def visit(self, address):
        """Loads an address, even if it is there already, as if in a new window."""
        place, mark, fragment = address.partition("#")
        self._page.mouse.move(0, 0)
        self._page.emulate_media(media="null")
        self._page.set_viewport_size(self._viewport)
        self.complaints.clear()
        self.requests.clear()
        self._page.goto(f"{place}?visit={next(VISITS)}{mark}{fragment}")
        return self._page


@pytest.fixture(scope="package")
def windows():
    """Windows by their options: to start a new one costs more than what most tests do in it."""
    return {}


@pytest.fixture
def look(browser, windows):
    """Opens pages. At the end none of them may have complained, or loaded anything from elsewhere."""
    used = {}

    def open_page(address, width=1280, height=860, **options):
        options = {"viewport": {"width": width, "height": height}, **options}
        key = repr(sorted(options.items()))
        assert key not in used, "a second page would replace the first"
        windows[key] = windows.get(key) or Window(browser, options)
        used[key] = (windows[key], address)
        return windows[key].visit(address)

    yield open_page
    for window, address in used.values():
        assert not window.complaints
        for url in window.requests:
            assert url.startswith((_origin(address), "data:")), url


def _origin(address):
    return "/".join(address.split("/")[:3]) + "/"


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass
