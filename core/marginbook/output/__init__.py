"""
Forms of a report: for people, for other programs, for spreadsheets.
"""
