"""Staff: accounts, sign-in with a second factor, roles, duty and the audit trail."""
