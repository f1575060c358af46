"""The model file: what is in it, how it is written so that it loses nothing, how it is read so that it runs nothing."""
