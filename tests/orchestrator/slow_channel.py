"""Sends updates through a driver channel whose process takes long to start, and prints those that arrive meanwhile."""

from __future__ import annotations

import time

from combo_command import wait_until

from orchestrator.sweep.cluster import running_ray
from orchestrator.trial.updates import Ended, Update

COUNT = 50


class Told:
    """Keeps the keys that it is told of."""

    def __init__(self) -> None:
        self.keys: list[str] = []

    def on_update(self, update: Update) -> None:
        """Keeps one."""
        self.keys.append(update.key)


def main() -> None:
    """Does so on a Ray of its own."""
    told = Told()
    with running_ray(None, verbose=False, with_groups=False):
        from orchestrator.sweep import driver_channel  # Ray takes its token as it is imported

        class SlowActor(driver_channel.ChannelActor):
            """Is there only when the driver has asked in vain several times."""

            def __init__(self) -> None:
                time.sleep(3)
                super().__init__()

        driver_channel.ChannelActor, driver_channel.ASK_SECONDS = SlowActor, 0.5  # type: ignore[misc]
        with driver_channel.ChannelReceiver([told]) as receiver:
            sender = driver_channel.ChannelSender(receiver.channel_actor)
            for number in range(COUNT):
                sender.send(Ended(str(number), "stopped"))
            wait_until(lambda: len(told.keys) == COUNT, seconds=30)
            print(*told.keys)


if __name__ == "__main__":
    main()
