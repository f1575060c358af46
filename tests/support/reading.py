"""Read a page as a browser and a person would: elements, attributes and visible text."""

from html.parser import HTMLParser

_VOID = {"meta", "img", "br", "link", "input", "hr"}
_INLINE = {"bdi", "strong", "em", "a"}


class Page(HTMLParser):
    """Elements in order, text by section, and whether every element was closed."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.elements, self.open, self.texts = [], [], {}
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append((tag, dict(attrs).get("id")))

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        opened, _ = self.open.pop()
        if opened != tag:
            raise ValueError(f"</{tag}> closes <{opened}>")
        if tag not in _INLINE:
            self.handle_data(" ")

    def handle_data(self, data):
        tags = [tag for tag, _ in self.open]
        if "style" in tags or "script" in tags:
            return
        name = next((identity for tag, identity in reversed(self.open) if tag == "section"), "outside")
        self.texts[name] = self.texts.get(name, "") + data

    def text(self, section=None):
        """Visible text, its white space (also the unbreakable) made single spaces."""
        text = self.texts.get(section, "") if section else " ".join(self.texts.values())
        return " ".join(text.split())

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]
