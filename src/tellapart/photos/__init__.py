"""From a folder of photos to trustworthy parts: scan, decode, near-duplicates, split.

Pillow is imported in this layer and in no other. Nothing here writes inside a photo folder.

    table.py          what a scan found: paths, labels, parts, groups
    scan.py           a source (folder, CSV, Parquet) -> table, or every fault of the source at once
    listing.py        which files below a folder may be photos; links
    kinds.py          what a file is by its name; how a person is told of what was left out
    part_names.py     what names of folders say; the order of classes
    structure.py      what the folders mean: classes, splits, or an error that names both readings
    excluding.py      `--exclude`
    layout.py         from paths below a folder to rows with class and part
    sheet.py          the same from a table in a file
    columns.py        what the columns of a table mean
    delimited.py      rows of text from a table, whatever wrote it
    finding.py        where the photos lie that a table names
    grouping.py       `--group-by`: which photos belong together
    decode.py         one photo -> upright RGB pixels, or a refusal
    opening.py        a file before its pixels are decoded: what it is, what it would cost
    loading.py        the pixels, whole or all but a hundredth
    decode_cost.py    what a photo may cost: memory that threads share, processor time
    formats.py        which of the eight formats the bytes are
    foreign.py        what other files are, by name
    jpeg_file.py      what the header of a JPEG says: scans, size, whether its end is there
    png_file.py       what the header of a PNG says
    tiff_file.py      what the header of a TIFF or a raw camera file says
    bmp_file.py       rare BMP files
    colours.py        every colour mode to RGB, by stated rules; which level of deep photos is white
    bands.py          a picture in bands of rows
    faults.py         the reasons for which one photo is refused
    duplicates.py      exact and near copies
    fingerprint.py    the perceptual hash
    neighbours.py     candidate pairs, exhaustively or by index
    split.py          photos -> train, validation, test
    arrays.py         arrays of pixels from Python callers, to 8-bit photos, or an error
    crop.py           cut a part out of a photo and bring it to a size, as training does thousands of times a minute
    glimpse.py        simple properties of a photo: its file, shape, camera and coarse colours
    kept.py           labelled photos from memory as a table of files, which is what every verb reads
    labels.py         labels as Python callers give them, beside photos, and back again as answers of the same type
    picture.py        photos as pictures for people: enlarged, side by side, as PNG or JPEG
    places.py         where something may be written
    python_inputs.py  what Python callers give as photos, as sources for the decoder
"""
