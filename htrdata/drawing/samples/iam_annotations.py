"""What the files of a drawn IAM say of its words: XML, which each word's PNG carries too, and lists of lines."""

from __future__ import annotations

import html
import zlib
from collections.abc import Iterable, Iterator

from htrdata.drawing.samples.iam_form import HEIGHT, WIDTH, draw_form
from htrdata.drawing.samples.iam_records import MARKS, DrawnForm, FormJob, FormLine
from htrdata.images.png_chunks import after_header

WORDS_HEAD = """\
#--- words.txt: drawn, none of it is IAM ----------------------------------------#
#
# id of the word, segmentation of its line (ok or err), grey threshold of its line,
# number of components, box x y w h, grammatical tag, transcription:
#     a00-000-00-00 ok 180 2 300 800 90 40 NN ink
#
"""
LINES_HEAD = """\
#--- lines.txt: drawn, none of it is IAM ----------------------------------------#
#
# id of the line, its segmentation (ok or err), grey threshold, number of components,
# box x y w h, and its words with | between them:
#     a00-000-00 ok 180 9 300 800 690 40 Red|ink|,|please
#
"""
FORMS_HEAD = """\
#--- forms.txt: drawn, none of it is IAM ----------------------------------------#
#
# id of the form, writer, sentences, segmentation, lines, of which ok, words, of
# which in lines that are ok
#
"""


def draw_annotated_form(job: FormJob) -> tuple[DrawnForm, bytes]:
    """Draws a form whose words' PNGs carry its XML, and gives that XML too. Runs in any process."""
    form = draw_form(job)
    before, after = _xml_around_selection(form)
    shared = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    packed = shared.compress(after) + shared.flush()
    for word in form.words:
        if word.png:
            first = before + f' select="descendant::*[@id=&apos;{word.id}&apos;]"'.encode()
            word.png = after_header(word.png, b"zTXt", b"xml\0\0" + _joined(first, after, packed))
    return form, before + after


def _joined(first: bytes, last: bytes, packed: bytes) -> bytes:
    """A zlib stream of two pieces, the second of which is there compressed by itself, without a header."""
    own = zlib.compressobj(9)
    checksum = zlib.adler32(last, zlib.adler32(first))
    return own.compress(first) + own.flush(zlib.Z_FULL_FLUSH) + packed + checksum.to_bytes(4)


def _xml_around_selection(form: DrawnForm) -> tuple[bytes, bytes]:
    """The form's file in ``xml``, cut where its root tells, in the PNG of a word, which word that is.

    It is UTF-8, its lines end with CRLF, and its texts are escaped twice.
    """
    job = form.job
    shape = f'width="{round(WIDTH * job.scale)}" height="{round(HEIGHT * job.scale)}"'
    before = ['<?xml version="1.0" encoding="UTF-8"?>', f'<form id="{job.form}" {shape}']
    out = [
        f' writer-id="{job.writer}" version="3.0">',
        "  <machine-printed-part>",
        f'    <machine-print-line text="{_twice(form.lines[0].words[0].text)}"/>',
        "  </machine-printed-part>",
        "  <handwritten-part>",
    ]
    for line in form.lines:
        text = _twice(_as_written(line))
        out.append(f'    <line id="{line.id}" segmentation="{line.flag}" threshold="{line.threshold}" text="{text}">')
        for word in line.words:
            out.append(f'      <word id="{word.id}" tag="{_twice(word.tag)}" text="{_twice(word.text)}">')
            out += [f'        <cmp x="{x}" y="{y}" width="{w}" height="{h}"/>' for x, y, w, h in word.components]
            out.append("      </word>")
        out.append("    </line>")
    out += ["  </handwritten-part>", "</form>", ""]
    return "\r\n".join(before).encode(), "\r\n".join(out).encode()


def _twice(text: str) -> str:
    return html.escape(html.escape(text))


def _as_written(line: FormLine) -> str:
    """The text of a line as people space it: marks stand close to the words that they belong to."""
    text, opened = "", False
    for word in line.words:
        opens = word.text == '"' and not opened
        close = (word.text in MARKS and word.text != "&" and not opens) or text.endswith(' "' if opened else "\0")
        text += word.text if close or not text else f" {word.text}"
        opened ^= word.text == '"'
    return text


def word_rows(form: DrawnForm, before: int) -> Iterator[str]:
    """The form's rows of ``words.txt``, after that many words of other forms."""
    for line in form.lines:
        for word in line.words:
            x, y, w, h = word.box
            before += 1
            if before % 7 == 0 and word.components:
                x, y, w, h = x - 1, y - 1, w + 2, h + 2
            yield f"{word.id} {line.flag} {line.threshold} {x} {y} {w} {h} {word.tag} {word.text}\n"


def line_rows(form: DrawnForm) -> Iterator[str]:
    """The form's rows of ``lines.txt``."""
    for line in form.lines:
        box, text = " ".join(map(str, line.box)), "|".join(word.text for word in line.words)
        yield f"{line.id} {line.flag} {line.threshold} {len(line.components)} {box} {text}\n"


def form_row(form: DrawnForm) -> str:
    """The form's row of ``forms.txt``."""
    ok = [line for line in form.lines if line.ok]
    words, sound = len(list(form.words)), sum(len(line.words) for line in ok)
    return f"{form.job.form} {form.job.writer} 2 prt {len(form.lines)} {len(ok)} {words} {sound}\n"


def as_file(rows: Iterable[str]) -> bytes:
    """A list as it is published: Latin-1, with CRLF."""
    return "".join(rows).replace("\n", "\r\n").encode("latin-1")
