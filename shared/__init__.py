"""What every part of Stepfold must agree on: names, schemas, the one writer, the one reader, the index."""
