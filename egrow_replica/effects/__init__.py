"""What a write to content sets in motion on production, and what of it could reach a row that is not content.

``read`` asks the catalog, ``trace`` follows every way from a write, ``bodies`` reads the texts of functions, ``checks``
turns what was reached into findings, ``privileges`` looks at what the roles of a window may do besides.
"""
