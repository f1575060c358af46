"""From a folder of photos to trustworthy parts: scan, decode, twins, split.

Pillow is imported in this layer and in no other. Nothing here writes inside a photo folder.

    table.py     what a scan found: paths, labels, parts, groups
    scan.py      a source (folder, CSV, Parquet) -> table, or every fault of the source at once
    listing.py   which files below a folder may be photos; links
    kinds.py     what a file is by its name; how a person is told of what was left out
    part_names.py  what names of folders say; the order of classes
    structure.py what the folders mean: classes, splits, or an error that names both readings
    excluding.py `--exclude`
    layout.py    from paths below a folder to rows with class and part
    sheet.py     the same from a table in a file
    columns.py   what the columns of a table mean
    delimited.py rows of text from a table, whatever wrote it
    finding.py   where the photos lie that a table names
    grouping.py  `--group-by`: which photos belong together
    decode.py    one photo -> upright RGB pixels, or a refusal
    opening.py   a file before its pixels are decoded: what it is, what it would cost
    loading.py   the pixels, whole or all but a hundredth
    cost.py      what a photo may cost: memory that threads share, processor time
    formats.py   which of the eight formats the bytes are
    foreign.py   what other files are, by name
    jpeg_file.py, png_file.py, tiff_file.py, bmp_file.py  what the headers say; raw camera files; rare BMP files
    colours.py   every colour mode to RGB, by stated rules; which level of deep photos is white
    bands.py     a picture in bands of rows
    faults.py    the reasons for which one photo is refused
    twins.py     exact and near copies
    fingerprint.py  the perceptual hash
    neighbours.py   candidate pairs, exhaustively or by index
    split.py     photos -> train, validation, test
    splits_file.py  splits.csv, written and read back
"""
