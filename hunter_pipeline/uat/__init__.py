"""The acceptance tests of `hunter uat`: seven steps against a running system, and the report on them."""
