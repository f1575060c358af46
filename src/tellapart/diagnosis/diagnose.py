"""The whole diagnosis of a run: every suspect measured, a verdict, what to do.

    open the run ─▶ photo by photo ─▶ faults of the measurement ─▶ experiments ─▶ verdict ─▶ to-do list

What costs little comes first, so that a short budget still looks at every photo. Experiments that retrain come last and
take what is left of the time.

Reads the run and its photos; writes nothing.
"""
