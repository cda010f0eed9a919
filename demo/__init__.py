"""The synthetic county: what writes the departments' files and the planted truth beside them."""
