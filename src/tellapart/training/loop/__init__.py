"""The one training loop, and what it is made of.

checkpoint.py      keep what a run has learnt, so that a kill costs a minute and not the run
interrupt.py       Ctrl-C or SIGTERM while a network trains
learner.py         the one place where a network meets an optimiser
loop.py            the one training loop
muon.py            Muon for convolutions
schedule.py        where a training run is, as a fraction, and what follows from it
select_weights.py  after the last step
trial.py           train a network on trial
"""
