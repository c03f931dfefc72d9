"""The model card of a finished trial: what it was trained on, how it scored, how it is used. From storage alone."""

from __future__ import annotations

import shlex

from model.manifest import WEIGHTS_FILE
from orchestrator.redaction import redacted
from orchestrator.store.storage_identity import address
from orchestrator.tracking.run_content import RunContent

SUBSETS = {
    "s4": "AVSBench S4, single sound source, 5-second clips",
    "ms3": "AVSBench MS3, several sound sources, 5-second clips",
    "avss": "AVSBench AVSS, semantic classes, 10-second clips",
}


def weights_checksum(content: RunContent) -> str:
    """SHA-256 of the tested weights; empty without a result."""
    result = content.result
    return "" if result is None else result.checksums[f"{result.checkpoint}/{WEIGHTS_FILE}"]


def model_card(content: RunContent) -> str:
    """The card as Markdown.

    Args:
        content: of a finished trial.
    """
    result, config = content.result, content.trial.config
    assert result is not None
    made, storage = result.provenance, redacted(address(content.folder.storage))
    register = shlex.join(["combo", "model", "register", content.key, "--name", "NAME", "--storage", storage])
    size = f"{config.data.size} × {config.data.size}"
    return f"""# {content.name}

Network `{config.model.name}`, which segments what sounds in a video. {SUBSETS[config.data.task]}.

| scored on | M_J | M_F |
| --- | --- | --- |
| {result.protocol.label} | {100 * result.score.m_j:.1f} | {100 * result.score.m_f:.1f} |
| validation, step {result.best_step} | {100 * result.validation.m_j:.1f} | {100 * result.validation.m_f:.1f} |

Percent. {result.parameters:,} parameters, {result.trainable_parameters:,} of them trained: {config.training.iterations}
steps of {config.training.batch} clips, seed {config.seed}, data fingerprint `{made.data_fingerprint or "unknown"}`;
commit `{made.commit or "unknown"}`, {made.device}, finished {made.finished}.

```python
import combo_lab

model = combo_lab.load_model("{content.key}", storage="{storage}")
masks, scores, timings = model.predict("video.mp4")
```

`{register}` copies the weights to MLflow's registry.

Limits: masks are drawn at {size} pixels and enlarged; scores are no calibrated probabilities; a video of another kind
than the training data, or Maskiges of another proposer, gives worse masks.

Weights: `{result.checkpoint}` in the trial's folder, SHA-256 `{weights_checksum(content)}`.
"""
