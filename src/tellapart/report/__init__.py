"""Facts become one self-contained page.

Answers: how good is this classifier, on what evidence, and what should be done next? Reads a `ReportFacts` (facts.py,
cheap to import) and the few photos that are shown; writes one HTML file that opens offline and asks nothing of any
network. Owns Jinja2. Charts need matplotlib, whose import takes half a second: import `figures` inside functions.
Measures nothing itself, so the page can never disagree with metrics.json.

    curves.py              charts of how a classifier learns
    displays.py            figures for a notebook, in the way of scikit-learn's displays
    facts.py               what a report is made from
    figures.py             the charts, as plain matplotlib figures
    notebook.py            how a classifier and its results show themselves in a notebook
    page.py                the report
    run_report.py          the report of a run, made from its folder and its photos alone, so that it can be made
    section.py             what a chapter of the page is
    sections.py            the sections of the page, in their order
    sections_diagnosis.py  sections that `tellapart diagnose` fills
    sections_making.py     sections about where the figures come from
    sections_photos.py     sections that show photos
    sections_results.py    sections about figures
    svg.py                 a matplotlib figure as SVG that belongs in the page
    thumbnails.py          small pictures inside the page, so that one file shows them anywhere, and never more than
"""
