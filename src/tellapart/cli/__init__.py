"""The command line: parse, call a verb, show. Owns Typer and Rich.

app.py                the command `tellapart`
demo.py               `tellapart demo`
diagnosis_summary.py  the last words of a diagnosis
failures.py           how a run ends
options.py            arguments and options of the command line, each described once and shared by the verbs that
seeing_commands.py    verbs for people who would rather look than read
seeing_summary.py     what verbs that look at photos show in a terminal
shell_wording.py      paths and options as a shell takes them
streams.py            standard input, output and error as they come, made safe to use
summary.py            the last words of a verb, for a person who trains no networks for a living
terminal.py           where the work is, while it runs
terminal_pictures.py  pictures in a terminal
"""
