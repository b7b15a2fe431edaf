r"""Text that others wrote, made harmless for the surface it is shown on.

Names, owners, sentences, paths, branch names and exception texts come from pull requests. On a surface they may be read, but they
never become markup, a mention, a reference, a link or an image, and they never hide or reorder what stands beside them.

GitHub looks for mentions, references and emoji in the *rendered* text, so a backslash does not keep `@name` from notifying
somebody; inside code nothing is looked for. Words that any forge would act on are therefore shown as code.
"""

import re
import unicodedata

# What a terminal would obey: CSI sequences, OSC and other strings up to their terminator, and two-character escapes.
_ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]?|\x9b[0-?]*[ -/]*[@-~]")
# Unassigned and private characters, lone surrogates, controls and formats (bidi, zero-width, tags) are shown as a mark, not
# dropped: `a<RLO>b.py` must not look like `ab.py`.
_MARKED = frozenset({"Cc", "Cf", "Cs", "Cn", "Co"})
# Letters and marks that show nothing, which Unicode does not class as format characters.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_SPACE = frozenset({"Zs", "Zl", "Zp"})
_MARK = "\N{REPLACEMENT CHARACTER}"
_COMBINING = re.compile(
    r"([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]{3})[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]+"
)

# A name in single back-quotes, with nothing of the like beside them.
_QUOTED = re.compile(r"(?<!`)`([^`\s](?:[^`]*[^`\s])?)`(?!`)")
# Between words: white space, and the punctuation that may stand around one.
_WORDS = re.compile(r"""([\s()\[\]{}<>,;"'|`*]+)""")
_ACTED_ON = re.compile(
    r"""@ | \# | :// | \$ | _ | \\        # mentions and mail, references, links, mathematics, emphasis, escapes
    | \bwww\.                             # links without a scheme
    | :[\w+-]+:                           # emoji
    | (?:^|\W)[!~%&^]\w                   # GitLab's references: merge request, label, milestone, epic, alert
    | \bGH-\d | \b[0-9a-f]{7,40}\b        # GitHub's references: issue, commit
    | ^(?:mailto|xmpp|javascript|data):   # links that need no slashes""",
    re.VERBOSE | re.IGNORECASE,
)
# What may stand in a back-quoted span of a table cell as it is: no back-quote, pipe or backslash.
_PLAIN_CODE = re.compile(r"[^`|\\]+")
# ASCII punctuation that inline Markdown or HTML gives a meaning, each as an entity or, where that reads better, with a backslash.
_INLINE = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "`": "&#96;", "\\": "&#92;"} | {c: "\\" + c for c in "*_[]~"}
)
# What gives a line a meaning when it stands first: lists, headings, rules, quotes, fences, set-text underlines.
_FIRST = re.compile(r"^([-+=]|\d+[.)](?=\s|$))")


def clean(text: str, limit: int = 1000) -> str:
    """One line of text without terminal sequences, controls, bidirectional or invisible characters.

    Longer text is cut at `limit` characters, the last of them an ellipsis.
    """
    return _cut(" ".join(_visible(text).split()), limit)


def whole_characters(text: str) -> str:
    """The text with a mark for each lone surrogate, so that it can be sent as UTF-8; a path stays what it is otherwise."""
    return _SURROGATE.sub(_MARK, text)


def clean_lines(text: str, limit: int = 4000) -> str:
    """As `clean`, but the line ends stay: for exception texts and commands that are shown in a block."""
    lines = [_visible(line).rstrip() for line in text.splitlines()]
    return _cut("\n".join(lines).strip("\n"), limit)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _visible(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    shown = "".join(map(_visible_character, _ANSI.sub("", text)))
    # A stack of accents on one letter paints over the lines above it.
    return _COMBINING.sub(r"\1", shown)


def _visible_character(character: str) -> str:
    if " " <= character <= "~":
        return character
    category = unicodedata.category(character)
    if category in _SPACE or character in "\t\n\r\v\f\x85":
        return " "
    return _MARK if category in _MARKED or character in _BLANK else character


def md(text: str, limit: int = 1000) -> str:
    """A sentence for inline Markdown, a table cell included: it renders as the same words, and as nothing else.

    What the sentence itself puts in back-quotes stays a code span, as the messages of this project do for names.
    """
    pieces = _QUOTED.split(clean(text, limit))
    return "".join(md_code(p, len(p)) if i % 2 == 1 else _words(p, first=i == 0) for i, p in enumerate(pieces))


def _words(text: str, *, first: bool) -> str:
    pieces = _WORDS.split(text)
    words = "".join(_word(p, between=i % 2 == 1) for i, p in enumerate(pieces))
    return _FIRST.sub(_escape_first, words) if first else words


def _word(piece: str, *, between: bool) -> str:
    if not between and _ACTED_ON.search(piece):
        return md_code(piece, len(piece))
    return piece.translate(_INLINE)


def _escape_first(match: re.Match[str]) -> str:
    first = match[0]
    return first[:-1] + "\\" + first[-1]


def md_code(text: str, limit: int = 200) -> str:
    """A name, path, address or value as a code span for inline Markdown, a table cell included; nothing at all for no text."""
    shown = clean(text, limit)
    if not shown:
        return ""
    if _PLAIN_CODE.fullmatch(shown):
        return f"`{shown}`"
    # Renderers disagree on a backslash before a pipe in a table: entities mean the same to all of them.
    return html_code(shown, len(shown))


def html_code(text: str, limit: int = 200) -> str:
    """The same as an HTML element, for the places where Markdown is not looked at, such as a `<summary>`."""
    shown = clean(text, limit)
    return "<code>" + "".join(c if c.isalnum() or c in " -" or not c.isascii() else f"&#{ord(c)};" for c in shown) + "</code>"


def md_block(text: str, language: str = "", limit: int = 4000) -> str:
    """Lines of text as a fenced code block, behind a fence that is longer than any in the text."""
    shown = clean_lines(text, limit)
    longest = max((len(run) for run in re.findall(r"`+", shown)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{shown}\n{fence}"
