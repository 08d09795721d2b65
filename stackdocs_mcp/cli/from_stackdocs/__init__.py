"""The way from an original Stackdocs database: its documents, pages and fields, one by one.

pages      what was recognised, as pages with lines
fields     an extraction's JSON, as writes
files      where the bytes are: Storage, or a folder of them
importing  a document after the other through the store's ports; begun again, it goes on
report     what came of it, and what did not
"""
