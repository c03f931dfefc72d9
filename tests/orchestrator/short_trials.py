"""Runs trials that are shorter than the start of their actor, two at once; prints how many actors Tune asked for."""

import os
import sys
import time
from pathlib import Path
from unittest.mock import patch

from orchestrator.sweep.cluster import running_ray

TRIALS = 16


def main(folder):
    with running_ray(os.environ["RAY_ADDRESS"], verbose=False, with_groups=False):
        from ray import tune
        from ray.tune.execution.tune_controller import RayActorManager
        from ray.tune.search import Searcher

        from orchestrator.sweep.tune_scheduler import make_tune_scheduler

        class Starting(tune.Trainable):
            """The second actor takes longer to start than a trial takes."""

            def setup(self, *_):
                try:
                    (folder / "first").mkdir()
                except FileExistsError:
                    time.sleep(0.7)

            def reset_config(self, *_):
                return True

            def step(self):
                time.sleep(0.2)
                return {"done": True}

        class TwoAtOnce(Searcher):
            """Suggests a trial whenever fewer than two are on their way, as the one of sweeps does."""

            suggested = running = 0

            def suggest(self, *_):
                if self.suggested == TRIALS:
                    return Searcher.FINISHED
                if self.running == 2:
                    return None
                self.suggested, self.running = self.suggested + 1, self.running + 1
                return {}

            def on_trial_complete(self, *_, **__):
                self.running -= 1

        add = RayActorManager.add_actor
        with patch.object(RayActorManager, "add_actor", autospec=True, side_effect=add) as asked:
            results = tune.Tuner(
                tune.with_resources(Starting, {"CPU": 0.5}),
                tune_config=tune.TuneConfig(
                    search_alg=TwoAtOnce(), scheduler=make_tune_scheduler(None), num_samples=-1, reuse_actors=True
                ),
                run_config=tune.RunConfig(
                    storage_path=str(folder),
                    verbose=0,
                    checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
                ),
            ).fit()
        assert len(results) == TRIALS
        assert not results.errors
        print(asked.call_count)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
