"""What a test asks a browser about the status page: colours, focus, what is too wide."""

# Of every piece of text that can be seen: its contrast with what stands behind it (WCAG 2), what it
# needs (4.5, or 3 where it is large), and what it says.
CONTRASTS = """
    function channel(v) { v /= 255; return v <= 0.04045 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4); }
    function parse(colour) {
        const found = colour.match(/^rgba?\\(([\\d.]+), ([\\d.]+), ([\\d.]+)(?:, ([\\d.]+))?\\)$/);
        if (!found) throw new Error("what colour is " + colour);
        return [+found[1], +found[2], +found[3], found[4] === undefined ? 1 : +found[4]];
    }
    function light([r, g, b]) { return 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b); }
    function ratio(a, b) {
        const [x, y] = [light(a), light(b)].sort((p, q) => q - p);
        return (x + 0.05) / (y + 0.05);
    }
    function behind(element) {
        for (let e = element; e; e = e.parentElement) {
            const colour = parse(getComputedStyle(e).backgroundColor);
            if (colour[3] === 1) return colour;
            if (colour[3] !== 0) throw new Error("half transparent: " + e.outerHTML.slice(0, 80));
        }
        throw new Error("nothing stands behind it");
    }
    function visible(e) {
        const box = e.getBoundingClientRect();
        return e.checkVisibility() && box.width > 1 && box.height > 1 && !e.closest(".unseen");
    }
    const seen = [];
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
        const element = walk.currentNode.parentElement, text = walk.currentNode.data.trim();
        if (!text || element.closest("title, noscript") || !visible(element)) continue;
        const style = getComputedStyle(element);
        const colour = parse(element.ownerSVGElement ? style.fill : style.color);
        const size = parseFloat(style.fontSize), bold = +style.fontWeight >= 700;
        seen.push({text: text.slice(0, 60), needs: size >= 24 || bold && size >= 18.66 ? 3 : 4.5,
                   has: ratio(colour, behind(element))});
    }
"""

# The same of what is drawn and has to be told from the card that it stands on: 3:1.
DRAWN = CONTRASTS + """
    return ["hit", "stale", "miss", "collapsed", "negative", "refused", "error", "invalid"].map(name => {
        const rect = document.querySelector(`.swatch.${name} rect`);
        return {text: name, needs: 3, has: ratio(parse(getComputedStyle(rect).fill), behind(rect.closest("section")))};
    }).concat([...document.querySelectorAll(".call:not(.in-flight), .ratio, .slot.taken")].map(shape => {
        const style = getComputedStyle(shape);
        const paint = style.fill === "none" ? style.stroke : style.fill;
        return {text: shape.getAttribute("class"), needs: 3, has: ratio(parse(paint), behind(shape.closest("section")))};
    }));
"""

TEXTS = CONTRASTS + "return seen;"

# What has the focus, and how that shows.
FOCUS = """
    const e = document.activeElement;
    if (!e || e === document.body) return null;
    const style = getComputedStyle(e);
    return {what: e.tagName.toLowerCase() + "|" + (e.id || e.getAttribute("aria-label") || e.textContent.trim()).slice(0, 40),
            outline: style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth)};
"""

# How the page is made, for those who do not see it.
STRUCTURE = """
    const named = e => (e.getAttribute("aria-label") ||
        (e.getAttribute("aria-labelledby") || "").split(" ").map(id => (document.getElementById(id) || {}).textContent || "").join(""));
    return {
        lang: document.documentElement.lang,
        h1: document.querySelectorAll("h1").length,
        main: document.querySelectorAll("main").length,
        landmarks: ["header", "footer"].every(tag => document.querySelector(`body > ${tag}`)),
        mute_sections: [...document.querySelectorAll("section")].filter(e => !named(e).trim()).length,
        mute_drawings: [...document.querySelectorAll("svg")].filter(e =>
            e.getAttribute("aria-hidden") !== "true" && !(e.getAttribute("role") && named(e).trim())).length,
        headless_tables: [...document.querySelectorAll("table")].filter(e => !e.querySelector("th[scope=col]")).length,
        doubled_ids: [...document.querySelectorAll("[id]")].map(e => e.id).filter((id, i, all) => all.indexOf(id) !== i),
        live: document.getElementById("announce").getAttribute("role"),
    };
"""

# Before any script of the page: what its policy forbids is remembered.
LISTEN = """
    window.violations = [];
    document.addEventListener("securitypolicyviolation", e => window.violations.push(e.violatedDirective + " " + e.blockedURI));
"""


class Look:
    """A browser on a status page."""

    def __init__(self, browser):
        self.browser = browser
        browser.devtools("Page.addScriptToEvaluateOnNewDocument", source=LISTEN)

    def open(self, url, width=1280, scheme="light", motion="no-preference"):
        self.browser.devtools("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": motion}])
        self.browser.devtools("Emulation.setDeviceMetricsOverride", width=width, height=900,
                              deviceScaleFactor=1, mobile=width < 600)
        self.browser.visit(url)

    def text(self, id):
        return self.browser.run("return document.getElementById(arguments[0]).textContent", id)

    def run(self, script, *arguments):
        return self.browser.run(script, *arguments)

    def press(self, key, shift=False):
        codes = {"Tab": 9, "Enter": 13, "Escape": 27, "ArrowLeft": 37, "ArrowRight": 39, "Home": 36}
        more = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            self.browser.devtools("Input.dispatchKeyEvent", type=kind, key=key, code=key,
                                  windowsVirtualKeyCode=codes[key], modifiers=8 if shift else 0,
                                  **(more if kind == "keyDown" else {}))

    @property
    def violations(self):
        return self.run("return window.violations")

    @property
    def loaded(self):
        """All that the page has asked for, with itself."""
        return self.run("return [location.href, ...performance.getEntriesByType('resource').map(e => e.name)]")

    @property
    def too_wide(self):
        """By how many pixels the page can be pushed sideways."""
        return self.run("""
            const page = document.scrollingElement;
            return page.scrollWidth - page.clientWidth;""")
