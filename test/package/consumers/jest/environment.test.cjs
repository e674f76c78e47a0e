/** @jest-environment ./environment.cjs */
require('./cases.cjs')(alchemist);
