"""COMBO Lab from Python and notebooks.

Three functions: `sweep` trains what a paper's table asks for, `results` is all that a storage has measured as a
`pandas.DataFrame`, `load_model` gives the network of a finished trial, to segment videos with. What the command line
refuses with a sentence they refuse with an exception that says the same sentence.

```python
import combo_lab

scores = combo_lab.sweep("combo/table7", scale="demo", data="data", storage="combo-storage")
model = combo_lab.load_model(scores["trial"].iloc[0], storage="combo-storage")
masks, frame_scores, timings = model.predict("video.mp4")
```
"""

from orchestrator.api.scores import COLUMNS, results
from orchestrator.api.sweeps import SweepError, sweep
from orchestrator.api.trained_model import Prediction, TrainedModel, load_model

__all__ = ["COLUMNS", "Prediction", "SweepError", "TrainedModel", "load_model", "results", "sweep"]
