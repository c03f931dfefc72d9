"""What an HTTP client gets of served metrics."""

import urllib.request

from prometheus_client.parser import text_string_to_metric_families


class Scraped:
    """What one scrape has got."""

    def __init__(self, port):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            self.families = list(text_string_to_metric_families(answer.read().decode()))

    def value(self, name, **labels):
        """The only value of a metric among those with these labels; None without one."""
        found = [
            sample.value
            for family in self.families
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        ]
        assert len(found) < 2, found
        return found[0] if found else None
