//! What moves a judge besides the answers: their position, their length, the order of options, who wrote them.

mod length;
mod order;
mod own;
mod position;

pub use length::{LengthBias, LengthPair, length_bias};
pub use order::option_order;
pub use own::{OwnAnswer, OwnBias, own_bias};
pub use position::{BothOrders, PositionBias, position_bias};
