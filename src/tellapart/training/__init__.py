"""How a classifier is trained: the head, the run in visible stages, the run folder."""
