module.exports = { transform: {}, testMatch: ['**/*.test.*js'], moduleFileExtensions: ['js', 'mjs', 'cjs'] };
