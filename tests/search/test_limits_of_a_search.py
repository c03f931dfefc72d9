"""Limits that a search file states hold where the command line sets none; zero is a limit too."""

from search_files import load, search_content

from orchestrator.run_config import RunConfig


def test_a_limit_of_zero_on_the_command_line_is_not_replaced_by_the_files(tmp_path):
    search = load(tmp_path, search_content(budget={"hours": 5, "gpu_hours": 7})).search

    assert RunConfig(max_gpu_hours=0.0).within(search) == RunConfig(max_hours=5, max_gpu_hours=0.0)
