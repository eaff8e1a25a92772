"""Words to write: common English ones about as often as people write them, with names, numbers and marks between."""

from __future__ import annotations

import numpy as np

_COMMON = """
the of and to a in is it you that he was for on are with as I his they be at one have this from or had by hot but some
what there we can out other were all your when up use word how said an each she which do their time if will way about
many then them would write like so these her long make thing see him two has look more day could go come did my sound
no most number who over know water than call first people may down side been now find any new work part take get place
made live where after back little only round man year came show every good me give our under name very through just
form much great think say help low line before turn cause same mean differ move right boy old too does tell sentence
set three want air well also play small end put home read hand port large spell add even land here must big high such
follow act why ask men change went light kind off need house picture try us again animal point mother world near build
self earth father head stand own page should country found answer school grow study still learn plant cover food sun
four thought let keep eye never last door between city tree cross since hard start might story saw far sea draw left
late run while press close night real life few stop open seem together next white children begin got walk example ease
paper often always music those both mark book letter until mile river car feet care second enough plain girl usual
young ready above ever red list though feel talk bird soon body dog family direct pose leave song measure state black
quick quiet quarter zero lazy puzzle jazz extra exactly maybe remember tomorrow yesterday coffee garden window ink
kitchen bicycle journal weather beautiful handwriting practice fountain recipe vinegar sugar butter cinnamon
"""
_NAMES = """
Anna Ben Carol David Eve Frank Grace Henry Ivy Jack Kate Leo Mary Nora Oliver Paul Quinn Rose Sam Tom Ursula Victor
Wendy Xaver Yann Zoe London Paris Monday Friday July August
"""
_MARKED = """
it's don't I'm (see below) "Yes" well-known and/or 50% $20 #1 R&D a+b x=3 me@home 12:30 Why? No! one; 2*3 [1] {n} x^2
a_b ~10 <3 >9 A|B C:\\ `ls`
"""


def some_words(count: int, rng: np.random.Generator) -> list[str]:
    """Draws words as they follow each other in notes: without any sense, but with capitals, stops and numbers.

    Args:
        count: how many.
        rng: the same state gives the same words.
    """
    common, names, marked = _COMMON.split(), _NAMES.split(), _MARKED.split()
    share = 1 / (np.arange(len(common)) + 2.7)  # how often a word comes, by its rank (Zipf and Mandelbrot)
    picks = rng.choice(len(common), size=count, p=share / share.sum()).tolist()
    words = []
    capital = True
    for kind, pick in zip(rng.random(count).tolist(), picks, strict=True):
        word = common[pick]
        if kind < 0.04:
            word = str(int(rng.integers(1, 2100)))
        elif kind < 0.08:
            word = names[int(rng.integers(len(names)))]
        elif kind < 0.11:
            word = marked[int(rng.integers(len(marked)))]
        elif kind < 0.13:
            word = word.upper()
        if capital:
            word = word[0].upper() + word[1:]
        capital = kind > 0.9
        words.append(word + ("." if capital else "," if kind > 0.84 else ""))
    return words
