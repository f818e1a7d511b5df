"""
Storms of faults in virtual time: thousands of accounts, their venues, and a judge, all from one seed.

``python -m simulation --seed 7`` runs one seed; without one, as many as it takes. See ``nox -s simulate``.
"""
