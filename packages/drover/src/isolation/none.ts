import type { Isolation } from '../ports/isolation.ts'

/** The agent can reach whatever the user can. */
export const none: Isolation = { name: 'none', wrap: (launch) => launch }
