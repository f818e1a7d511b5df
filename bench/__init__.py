"""
How long things take, beside what others take for the same, in one run: ``nox -s bench``.

    python -m bench [--environments FOLDER] [--rounds N] [import first account …]

A responder in a process of its own answers as Binance's USDⓈ-M futures do. Each library that asks it has an environment
of its own, as its users have, in which `inside.py` runs.
"""
