"""Progress that remembers what it is told."""

from tellapart.progress import Silent


class Noting(Silent):
    def __init__(self):
        self.notes, self.stages = [], []

    def note(self, text):
        self.notes.append(text)

    def stage(self, name, total=None):
        self.stages.append(name)
        return super().stage(name, total)
