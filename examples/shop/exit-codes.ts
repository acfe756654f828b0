/** The port of a service is taken: starting it again would not help. */
export const EXIT_NO_PORT = 3
