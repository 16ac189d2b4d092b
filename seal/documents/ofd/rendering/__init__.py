"""Pages of any OFD as pictures (GB/T 33190-2016 ch. 7–13), for people to look at before and after sealing.

Owns: the drawing rules of OFD (inheritance, transforms, fonts, colours, clips, templates, annotations, stamps) and the
limits that keep hostile files from costing time or memory. Does not own: judging (a picture proves nothing), or the
rasteriser: a page becomes a PDF in memory that PDFium draws.
Entry points: `page.render_page`, `page.page_as_pdf`.
"""
