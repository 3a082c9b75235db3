"""The archive: where studies are asked for and fetched from, over DICOMweb or DIMSE; knows no project and trusts no answer."""
