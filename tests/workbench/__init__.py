"""The machinery behind the checkpoints: load an app, browse it, report what was seen."""
