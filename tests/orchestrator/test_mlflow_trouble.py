"""What is said of MLflow's errors."""

from orchestrator.tracking.patience import what_went_wrong


def test_user_and_password_of_an_address_are_never_shown():
    error = ConnectionError("http://ada:hunter2@tracking.example/api failed\nand a second line with ada:hunter2")
    assert what_went_wrong(error) == "ConnectionError: http://***@tracking.example/api failed"
