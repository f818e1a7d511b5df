"""
Who is measured: a module for each, imported where its library is installed and nothing else.

A library that has a client for each account has ``connect(url)``, which returns a function that asks once. marginbook
has ``report(urls, workers)``, which asks all. In an answer of either, ``wallet`` finds the first wallet. Who reads
bodies has ``read(body)``.
"""
