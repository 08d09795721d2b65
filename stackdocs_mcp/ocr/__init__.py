"""From a file to pages of numbered lines: implementations of the core's engine port.

``local`` and ``mistral`` are the engines. What they are made of, by the process that runs it:

server process       local -> reading -> parsing (one child per file), recognising (OCR workers)
                     mistral -> mistral_sheets (batches of pictures) -> parsing
                     mistral -> mistral_client -> mistral_retries, mistral_pages, mistral_tables
throw-away child     child -> formats -> a converter            (parses hostile bytes, limited)
OCR worker           worker -> recogniser                      (sees bounded bitmaps, nothing else)
both of these        sandbox -> landlock, seccomp (-> syscalls), kernel   (what they cannot do)
converters           pdf, images, plain, delimited (CSV), markup (XML), web (HTML),
                     word, workbook and slides (OOXML, whose zip archives package checks),
                     mail (of mail_parts: texts and files, by mail_text: decoded)
of a PDF             pdf -> drawing (what is drawn), pdf_text (words), visibility (who sees it)
both ways            wire: length-capped JSON frames and raw bitmaps, validated on arrival

``clean`` is the border at which text becomes text that can be shown; every line passes it once,
in the server process.
"""
