"""One file per figure that we claim; `LOG.md` keeps what was measured, failures included."""
