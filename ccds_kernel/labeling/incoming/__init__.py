"""Reports from outside: CSV, Parquet, HL7 v2 ORU and FHIR DiagnosticReport, one way into a project for all of them."""
