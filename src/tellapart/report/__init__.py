"""Facts become one self-contained page.

Answers: how good is this classifier, on what evidence, and what should be done next? Reads a `ReportFacts` (facts.py,
cheap to import) and the few photos that are shown; writes one HTML file that opens offline and asks nothing of any
network. Owns Jinja2 and matplotlib, whose import takes half a second: import `page` and `figures` inside functions.
Measures nothing itself, so the page can never disagree with metrics.json.
"""
