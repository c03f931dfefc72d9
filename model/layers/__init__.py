"""Building blocks shared by the models: backbones, deformable attention, position codes."""
