"""The acceptance tests of `hunter uat`: seven steps against a system that runs, and the report on them."""
