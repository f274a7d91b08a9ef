"""What is worth telling people outside, when it is told, and that it arrives; knows nothing of Dagster."""
