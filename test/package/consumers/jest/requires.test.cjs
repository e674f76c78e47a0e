require('./cases.cjs')(require('alchemist-node'));
