(** * Polynomial losses

    A loss is written as an expression that a reader recognizes; [value] says which function it is. Everything else is
    computed from its expansion around the minimizer, a list of monomials: the derivatives, the Hessian, the remainder and its
    bound. *)
From Coq Require Import Reals Lra Lia Psatz ZArith QArith Qreals Qabs List Bool.
From Coquelicot Require Import Coquelicot.
From Direction Require Import Vectors Theorem1.
Import ListNotations.
Open Scope R_scope.

Inductive expression : Set :=
| Constant (q : Q)
| Variable_ (i : nat)
| Sum (a b : expression)
| Difference (a b : expression)
| Opposite (a : expression)
| Product (a b : expression)
| Power (a : expression) (k : nat).

Fixpoint value (e : expression) (x : vector) : R :=
  match e with
  | Constant q => Q2R q
  | Variable_ i => x i
  | Sum a b => value a x + value b x
  | Difference a b => value a x - value b x
  | Opposite a => - value a x
  | Product a b => value a x * value b x
  | Power a k => value a x ^ k
  end.

Lemma value_pointwise e x y : (forall i, x i = y i) -> value e x = value e y.
Proof. intros H. induction e; simpl; rewrite ?IHe1, ?IHe2, ?IHe; auto. Qed.

(** ** Rational numbers *)
Lemma Q2R_0 : Q2R 0 = 0. Proof. unfold Q2R. simpl. field. Qed.
Lemma Q2R_1 : Q2R 1 = 1. Proof. unfold Q2R. simpl. field. Qed.
Lemma Q2R_Qred q : Q2R (Qred q) = Q2R q. Proof. apply Qeq_eqR, Qred_correct. Qed.
Definition Q_of_nat (i : nat) : Q := inject_Z (Z.of_nat i).
Lemma Q2R_of_nat i : Q2R (Q_of_nat i) = INR i.
Proof. unfold Q_of_nat, Q2R, inject_Z. simpl. rewrite <- INR_IZR_INZ. field. Qed.
Lemma Q2R_zero_test q : Qeq_bool q 0 = true -> Q2R q = 0.
Proof. intros H. rewrite <- Q2R_0. apply Qeq_eqR, Qeq_bool_eq, H. Qed.
Lemma Q2R_abs q : Q2R (Qabs q) = Rabs (Q2R q).
Proof.
  apply Qabs_case; intros H; apply Qle_Rle in H; rewrite Q2R_0 in H.
  - rewrite Rabs_pos_eq; auto.
  - rewrite Q2R_opp, Rabs_left1; auto.
Qed.

(** ** Monomials and polynomials: a coefficient, and the exponents of the variables in order *)
Definition exponents := list nat.
Definition polynomial := list (Q * exponents).

Fixpoint monomial (e : exponents) (x : vector) : R :=
  match e with
  | nil => 1
  | k :: e' => x 0%nat ^ k * monomial e' (tail_of x)
  end.

Fixpoint evaluate (p : polynomial) (x : vector) : R :=
  match p with
  | nil => 0
  | (c, e) :: p' => Q2R c * monomial e x + evaluate p' x
  end.

Fixpoint same_exponents (e f : exponents) : bool :=
  match e, f with
  | nil, nil => true
  | i :: e', j :: f' => Nat.eqb i j && same_exponents e' f'
  | _, _ => false
  end.

Lemma same_exponents_eq e : forall f, same_exponents e f = true -> e = f.
Proof.
  induction e as [|i e IH]; intros [|j f]; simpl; try discriminate; auto.
  intros H. apply andb_true_iff in H. destruct H as [H1 H2]. apply Nat.eqb_eq in H1. f_equal; auto.
Qed.

(** Adds a term; equal exponents are merged, and what cancels disappears. *)
Fixpoint insert (c : Q) (e : exponents) (p : polynomial) : polynomial :=
  match p with
  | nil => if Qeq_bool c 0 then nil else [(c, e)]
  | (d, f) :: p' =>
      if same_exponents e f
      then let s := Qred (c + d) in if Qeq_bool s 0 then p' else (s, f) :: p'
      else (d, f) :: insert c e p'
  end.

Lemma evaluate_insert c e p x : evaluate (insert c e p) x = Q2R c * monomial e x + evaluate p x.
Proof.
  induction p as [|[d f] p IH]; cbn [insert evaluate].
  - destruct (Qeq_bool c 0) eqn:Z; cbn [evaluate]; [|ring]. rewrite (Q2R_zero_test c Z). ring.
  - destruct (same_exponents e f) eqn:E.
    + apply same_exponents_eq in E. subst f. cbv zeta.
      assert (S : Q2R (Qred (c + d)) = Q2R c + Q2R d) by (rewrite Q2R_Qred; apply Q2R_plus).
      destruct (Qeq_bool (Qred (c + d)) 0) eqn:Z; cbn [evaluate].
      * apply Q2R_zero_test in Z. rewrite S in Z. replace (Q2R d) with (- Q2R c) by lra. ring.
      * rewrite S. ring.
    + cbn [evaluate]. rewrite IH. ring.
Qed.

(** The second is inserted into the first: in a long sum, that is one term at a time. *)
Definition add (p q : polynomial) : polynomial := fold_right (fun '(c, e) s => insert c e s) p q.

Lemma evaluate_add p q x : evaluate (add p q) x = evaluate p x + evaluate q x.
Proof.
  unfold add. induction q as [|[c e] q IH]; cbn [fold_right evaluate]; [ring|].
  rewrite evaluate_insert, IH. ring.
Qed.

Definition multiply_by (s : Q) (p : polynomial) : polynomial := map (fun '(c, e) => (Qred (s * c), e)) p.

Lemma evaluate_multiply_by s p x : evaluate (multiply_by s p) x = Q2R s * evaluate p x.
Proof.
  induction p as [|[c e] p IH]; cbn [multiply_by map evaluate]; [ring|].
  unfold multiply_by in IH. rewrite IH, Q2R_Qred, Q2R_mult. ring.
Qed.

Fixpoint add_exponents (e f : exponents) : exponents :=
  match e, f with
  | nil, _ => f
  | _, nil => e
  | i :: e', j :: f' => (i + j)%nat :: add_exponents e' f'
  end.

Lemma monomial_add e : forall f x, monomial (add_exponents e f) x = monomial e x * monomial f x.
Proof.
  induction e as [|i e IH]; intros [|j f] x; cbn [add_exponents monomial]; try ring.
  rewrite IH, pow_add. ring.
Qed.

Definition multiply (p q : polynomial) : polynomial :=
  fold_right (fun '(c, e) s =>
    fold_right (fun '(d, f) t => insert (Qred (c * d)) (add_exponents e f) t) s q) nil p.

Lemma evaluate_multiply p q x : evaluate (multiply p q) x = evaluate p x * evaluate q x.
Proof.
  unfold multiply. induction p as [|[c e] p IH]; cbn [fold_right evaluate]; [ring|].
  rewrite Rmult_plus_distr_r, <- IH. generalize (fold_right
    (fun '(c, e) s => fold_right (fun '(d, f) t => insert (Qred (c * d)) (add_exponents e f) t) s q) [] p) as s.
  intros s. clear IH. induction q as [|[d f] q IHq]; cbn [fold_right evaluate]; [ring|].
  rewrite evaluate_insert, IHq, Q2R_Qred, Q2R_mult, monomial_add. ring.
Qed.

Fixpoint multiply_power (p : polynomial) (k : nat) : polynomial :=
  match k with
  | O => [(1%Q, nil)]
  | S O => p
  | S j => multiply p (multiply_power p j)
  end.

Lemma evaluate_power p k x : evaluate (multiply_power p k) x = evaluate p x ^ k.
Proof.
  induction k as [|[|k] IH].
  - simpl. rewrite Q2R_1. ring.
  - simpl. ring.
  - change (evaluate (multiply p (multiply_power p (S k))) x = evaluate p x * evaluate p x ^ S k).
    rewrite evaluate_multiply, IH. reflexivity.
Qed.

Definition unit_exponents (i : nat) : exponents := repeat 0%nat i ++ [1%nat].

Lemma monomial_unit i : forall x, monomial (unit_exponents i) x = x i.
Proof.
  induction i as [|i IH]; intros x.
  - simpl. ring.
  - change (monomial (0%nat :: unit_exponents i) x = x (S i)). cbn [monomial]. rewrite IH. unfold tail_of. simpl. ring.
Qed.

(** The loss at m + h, as a polynomial in h. *)
Fixpoint expand (m : list Q) (e : expression) : polynomial :=
  match e with
  | Constant q => insert q nil nil
  | Variable_ i => insert (nth i m 0%Q) nil (insert 1%Q (unit_exponents i) nil)
  | Sum a b => add (expand m a) (expand m b)
  | Difference a b => add (expand m a) (multiply_by (-1) (expand m b))
  | Opposite a => multiply_by (-1) (expand m a)
  | Product a b => multiply (expand m a) (expand m b)
  | Power a k => multiply_power (expand m a) k
  end.

Definition vector_of (l : list Q) : vector := fun i => Q2R (nth i l 0%Q).

Lemma Q2R_minus_one : Q2R (-1) = -1. Proof. unfold Q2R. simpl. field. Qed.

Lemma evaluate_expand m e h : evaluate (expand m e) h = value e (fun i => vector_of m i + h i).
Proof.
  induction e; cbn [expand value].
  - rewrite evaluate_insert. simpl. ring.
  - rewrite !evaluate_insert, monomial_unit. simpl. rewrite Q2R_1. unfold vector_of. ring.
  - rewrite evaluate_add, IHe1, IHe2. reflexivity.
  - rewrite evaluate_add, evaluate_multiply_by, IHe1, IHe2, Q2R_minus_one. ring.
  - rewrite evaluate_multiply_by, IHe, Q2R_minus_one. ring.
  - rewrite evaluate_multiply, IHe1, IHe2. reflexivity.
  - rewrite evaluate_power, IHe. reflexivity.
Qed.

(** ** Derivatives *)
Fixpoint lower_exponent (i : nat) (e : exponents) : exponents :=
  match e, i with
  | nil, _ => nil
  | k :: e', O => pred k :: e'
  | k :: e', S j => k :: lower_exponent j e'
  end.

Definition derivative (i : nat) (p : polynomial) : polynomial :=
  flat_map (fun '(c, e) => match nth i e 0%nat with
                           | O => nil
                           | k => [(Qred (c * Q_of_nat k), lower_exponent i e)]
                           end) p.

Lemma monomial_derivative e : forall i x,
  is_derive (fun t => monomial e (replace_entry x i t)) (x i) (INR (nth i e 0%nat) * monomial (lower_exponent i e) x).
Proof.
  induction e as [|k e IH]; intros i x.
  - simpl. destruct i; simpl; rewrite Rmult_0_l; apply (is_derive_const (K := R_AbsRing) (V := R_NormedModule)).
  - destruct i as [|i].
    + change (is_derive (fun t => t ^ k * monomial e (tail_of x)) (x 0%nat)
                (INR k * (x 0%nat ^ pred k * monomial e (tail_of x)))).
      auto_derive; [exact I|ring].
    + change (is_derive (fun t => x 0%nat ^ k * monomial e (replace_entry (tail_of x) i t)) (tail_of x i)
                (INR (nth i e 0%nat) * (x 0%nat ^ k * monomial (lower_exponent i e) (tail_of x)))).
      replace (INR (nth i e 0%nat) * (x 0%nat ^ k * monomial (lower_exponent i e) (tail_of x)))
        with (x 0%nat ^ k * (INR (nth i e 0%nat) * monomial (lower_exponent i e) (tail_of x))) by ring.
      apply is_derive_scal, IH.
Qed.

Lemma polynomial_derivative p i x :
  is_derive (fun t => evaluate p (replace_entry x i t)) (x i) (evaluate (derivative i p) x).
Proof.
  induction p as [|[c e] p IH].
  - change (is_derive (fun _ : R => 0) (x i) 0). apply (is_derive_const (K := R_AbsRing) (V := R_NormedModule)).
  - cbn [evaluate].
    assert (E : evaluate (derivative i ((c, e) :: p)) x
                = Q2R c * (INR (nth i e 0%nat) * monomial (lower_exponent i e) x) + evaluate (derivative i p) x).
    { unfold derivative. cbn [flat_map]. destruct (nth i e 0%nat) as [|k].
      - cbn [app]. simpl INR. ring.
      - cbn [app evaluate]. rewrite Q2R_Qred, Q2R_mult, Q2R_of_nat. ring. }
    rewrite E.
    apply (is_derive_plus (K := R_AbsRing) (V := R_NormedModule)
             (fun t => Q2R c * monomial e (replace_entry x i t)) (fun t => evaluate p (replace_entry x i t))); [|exact IH].
    apply is_derive_scal, monomial_derivative.
Qed.

(** The loss's own partial derivative at m + h. *)
Lemma partial_of_loss e m i h :
  partial (value e) i (fun j => vector_of m j + h j) = evaluate (derivative i (expand m e)) h.
Proof.
  unfold partial. apply is_derive_unique.
  apply (is_derive_ext (fun t => evaluate (expand m e) (replace_entry h i (t - vector_of m i)))).
  - intros t. rewrite evaluate_expand. apply value_pointwise. intros j.
    unfold replace_entry. destruct (Nat.eqb j i) eqn:E; [|reflexivity].
    apply Nat.eqb_eq in E. subst j. ring.
  - assert (D := polynomial_derivative (expand m e) i h).
    assert (H := is_derive_comp (K := R_AbsRing) (V := R_NormedModule) (fun t => evaluate (expand m e) (replace_entry h i t))
             (fun t => t - vector_of m i) (vector_of m i + h i) (evaluate (derivative i (expand m e)) h) 1).
    replace (evaluate (derivative i (expand m e)) h) with (scal 1 (evaluate (derivative i (expand m e)) h)) at 1
      by (unfold scal; simpl; unfold mult; simpl; ring).
    apply H.
    + replace (vector_of m i + h i - vector_of m i) with (h i) by ring. exact D.
    + auto_derive; [exact I|ring].
Qed.

(** ** Linear part and remainder of the gradient *)
Definition degree (e : exponents) : nat := fold_right Nat.add 0%nat e.

(** The coefficient of h_j. *)
Definition linear_coefficient (p : polynomial) (j : nat) : Q :=
  fold_right (fun '(c, e) s => if Nat.eqb (degree e) 1 then Qred (c * Q_of_nat (nth j e 0%nat) + s) else s) 0%Q p.

Definition of_degree (d : nat) (p : polynomial) : polynomial := filter (fun '(_, e) => Nat.eqb (degree e) d) p.
Definition higher (p : polynomial) : polynomial := filter (fun '(_, e) => Nat.leb 2 (degree e)) p.

(** No constant term, and no variable beyond the n-th. *)
Definition vanishes_at_zero (n : nat) (p : polynomial) : bool :=
  forallb (fun '(_, e) => Nat.leb 1 (degree e) && Nat.leb (length e) n) p.

Lemma degree_zero e : degree e = 0%nat -> (forall x, monomial e x = 1) /\ forall i, nth i e 0%nat = 0%nat.
Proof.
  induction e as [|k e IH]; intros H; simpl in *.
  - split; [reflexivity|]. intros [|i]; reflexivity.
  - destruct IH as [I1 I2]; [lia|]. replace k with 0%nat in * by lia. split.
    + intros x. rewrite I1. simpl. ring.
    + intros [|i]; [reflexivity|apply I2].
Qed.

Lemma degree_one e : forall n x, degree e = 1%nat -> (length e <= n)%nat ->
  monomial e x = dot n (fun j => INR (nth j e 0%nat)) x.
Proof.
  induction e as [|k e IH]; intros n x D L; [discriminate|].
  destruct n as [|n]; [simpl in L; lia|]. rewrite dot_front. simpl in D, L.
  change (tail_of (fun j => INR (nth j (k :: e) 0%nat))) with (fun j => INR (nth j e 0%nat)). cbn [monomial nth].
  destruct k as [|k].
  - rewrite (IH n (tail_of x)) by lia. simpl. ring.
  - destruct (degree_zero e) as [E1 E2]; [lia|]. rewrite E1, dot_zero_l.
    + replace k with 0%nat by lia. simpl. ring.
    + intros i _. rewrite E2. reflexivity.
Qed.

Lemma split_linear n p x : vanishes_at_zero n p = true ->
  evaluate p x = dot n (fun j => Q2R (linear_coefficient p j)) x + evaluate (higher p) x.
Proof.
  induction p as [|[c e] p IH]; intros H.
  - simpl. rewrite dot_zero_l; [ring|]. intros. apply Q2R_0.
  - unfold vanishes_at_zero in H. cbn [forallb] in H. rewrite !andb_true_iff in H. destruct H as [[H1 H2] H3].
    specialize (IH H3). apply Nat.leb_le in H1, H2.
    unfold linear_coefficient, higher in *. cbn [evaluate fold_right filter]. rewrite IH.
    destruct (Nat.eqb (degree e) 1) eqn:E.
    + apply Nat.eqb_eq in E. rewrite E. cbn [Nat.leb].
      rewrite (degree_one e n x E H2), <- Rplus_assoc. f_equal.
      rewrite (dot_same n (fun j => Q2R (Qred _)) (combination (Q2R c) (fun j => INR (nth j e 0%nat)) 1
        (fun j => Q2R (fold_right (fun '(c, e) s => if Nat.eqb (degree e) 1 then Qred (c * Q_of_nat (nth j e 0%nat) + s) else s) 0%Q p))) x x).
      * rewrite dot_combination_l. ring.
      * intros j _. unfold combination. rewrite Q2R_Qred, Q2R_plus, Q2R_mult, Q2R_of_nat. ring.
      * intros j _. reflexivity.
    + apply Nat.eqb_neq in E. replace (Nat.leb 2 (degree e)) with true by (symmetry; apply Nat.leb_le; lia).
      cbn [evaluate]. ring.
Qed.

(** ** The largest value of a monomial on the sphere: kappa^2 = prod e_i^e_i / |e|^|e| *)
Fixpoint self_powers (e : exponents) : Z :=
  match e with
  | nil => 1%Z
  | k :: e' => (Z.of_nat k ^ Z.of_nat k * self_powers e')%Z
  end.

Definition kappa_squared (e : exponents) : Q :=
  Qred (Qmake (self_powers e) (Z.to_pos (Z.of_nat (degree e) ^ Z.of_nat (degree e)))).

Definition kappa (e : exponents) : R := sqrt (Q2R (kappa_squared e)).

Lemma IZR_self_power k : IZR (Z.of_nat k ^ Z.of_nat k) = INR k ^ k.
Proof. rewrite <- pow_IZR, <- INR_IZR_INZ. reflexivity. Qed.

Lemma self_powers_nonneg e : 0 <= IZR (self_powers e).
Proof.
  induction e as [|k e IH]; simpl; [lra|]. rewrite mult_IZR, IZR_self_power.
  apply Rmult_le_pos; [apply pow_le, pos_INR|exact IH].
Qed.

Lemma kappa_squared_value e : Q2R (kappa_squared e) = IZR (self_powers e) / INR (degree e) ^ degree e.
Proof.
  unfold kappa_squared. rewrite Q2R_Qred. unfold Q2R. cbn [Qnum Qden]. rewrite Z2Pos.id, IZR_self_power; [reflexivity|].
  destruct (degree e) as [|d]; [simpl; lia|]. apply Z.pow_pos_nonneg; lia.
Qed.

Lemma exp_multiple a k : exp a ^ k = exp (INR k * a).
Proof.
  induction k as [|k IH].
  - simpl. rewrite Rmult_0_l, exp_0. reflexivity.
  - rewrite S_INR. cbn [pow]. rewrite IH, <- exp_plus. f_equal. ring.
Qed.

(** One variable: t^k <= k^k e^(t - k), from 1 + y <= e^y. *)
Lemma one_variable t k : 0 <= t -> t ^ k <= INR k ^ k * exp (t - INR k).
Proof.
  intros Ht. destruct k as [|k].
  - simpl. rewrite Rminus_0_r, Rmult_1_l. assert (H := exp_ineq1_le t). lra.
  - set (q := INR (S k)). assert (Hq : 0 < q) by (apply lt_0_INR; lia).
    assert (H : t / q <= exp (t / q - 1)) by (assert (H := exp_ineq1_le (t / q - 1)); lra).
    assert (H0 : 0 <= t / q) by (apply Rdiv_le_0_compat; lra).
    assert (P : (t / q) ^ S k <= exp (t / q - 1) ^ S k) by (apply pow_incr; lra).
    rewrite exp_multiple in P. fold q in P. replace (q * (t / q - 1)) with (t - q) in P by (field; lra).
    replace t with (q * (t / q)) at 1 by (field; lra). rewrite Rpow_mult_distr.
    apply Rmult_le_compat_l; [apply pow_le; lra|exact P].
Qed.

Lemma monomial_against_exp e : forall n x a, (length e <= n)%nat -> 0 <= a ->
  monomial e x ^ 2 * a ^ degree e <= IZR (self_powers e) * exp (a * dot n x x - INR (degree e)).
Proof.
  induction e as [|k e IH]; intros n x a L Ha.
  - simpl. assert (0 <= a * dot n x x) by (apply Rmult_le_pos; [exact Ha|apply dot_self_nonneg]).
    assert (E := exp_ineq1_le (a * dot n x x)). rewrite Rminus_0_r. lra.
  - destruct n as [|n]; [simpl in L; lia|]. simpl in L. assert (I := IH n (tail_of x) a ltac:(lia) Ha).
    rewrite dot_front. cbn [monomial self_powers].
    change (degree (k :: e)) with (k + degree e)%nat. rewrite plus_INR, pow_add, mult_IZR, IZR_self_power.
    set (t := a * (x 0%nat * x 0%nat)). assert (Ht : 0 <= t) by (apply Rmult_le_pos; [exact Ha|apply Rle_0_sqr]).
    set (T := dot n (tail_of x) (tail_of x)) in *.
    replace ((x 0%nat ^ k * monomial e (tail_of x)) ^ 2 * (a ^ k * a ^ degree e))
      with (t ^ k * (monomial e (tail_of x) ^ 2 * a ^ degree e)) by (unfold t; rewrite !Rpow_mult_distr; ring).
    replace (a * (x 0%nat * x 0%nat + T) - (INR k + INR (degree e)))
      with ((t - INR k) + (a * T - INR (degree e))) by (unfold t; ring).
    rewrite exp_plus.
    replace (INR k ^ k * IZR (self_powers e) * (exp (t - INR k) * exp (a * T - INR (degree e))))
      with ((INR k ^ k * exp (t - INR k)) * (IZR (self_powers e) * exp (a * T - INR (degree e)))) by ring.
    apply Rmult_le_compat; auto.
    + apply pow_le, Ht.
    + apply Rmult_le_pos; [apply pow2_ge_0|apply pow_le, Ha].
    + apply one_variable, Ht.
Qed.

Lemma monomial_zero e n x : (length e <= n)%nat -> (0 < degree e)%nat -> same n x zero -> monomial e x = 0.
Proof.
  revert n x. induction e as [|k e IH]; intros n x L D Z; simpl in *; [lia|].
  destruct n as [|n]; [lia|]. destruct k as [|k].
  - rewrite (IH n (tail_of x)); [ring|lia|simpl in D; lia|]. intros i Hi. apply (Z (S i)). lia.
  - rewrite (Z 0%nat) by lia. unfold zero. simpl. ring.
Qed.

Lemma monomial_bound n e x : (length e <= n)%nat -> (0 < degree e)%nat ->
  Rabs (monomial e x) <= kappa e * norm n x ^ degree e.
Proof.
  intros L D. unfold kappa. rewrite kappa_squared_value.
  set (d := degree e) in *. assert (Hd : 0 < INR d) by (apply lt_0_INR; exact D).
  assert (Hdd : 0 < INR d ^ d) by (apply pow_lt; exact Hd).
  assert (N := norm_nonneg n x).
  destruct (Req_dec (norm n x) 0) as [Z|NZ].
  - rewrite (monomial_zero e n x L D (norm_zero_same n x Z)), Rabs_R0.
    apply Rmult_le_pos; [apply sqrt_pos|apply pow_le; exact N].
  - set (X := dot n x x). assert (HX : 0 < X) by (unfold X; rewrite <- norm_squared; apply Rmult_lt_0_compat; lra).
    apply Rsqr_incr_0_var; [|apply Rmult_le_pos; [apply sqrt_pos|apply pow_le; exact N]].
    rewrite <- Rsqr_abs, Rsqr_mult, Rsqr_sqrt by (apply Rdiv_le_0_compat; [apply self_powers_nonneg|exact Hdd]).
    assert (E : Rsqr (norm n x ^ d) = X ^ d).
    { unfold Rsqr, X. rewrite <- Rpow_mult_distr, norm_squared. reflexivity. }
    rewrite E.
    assert (M := monomial_against_exp e n x (INR d / X) L ltac:(apply Rdiv_le_0_compat; lra)). fold d X in M.
    replace (INR d / X * X - INR d) with 0 in M by (field; lra). rewrite exp_0, Rmult_1_r in M.
    unfold Rdiv in M. rewrite Rpow_mult_distr, pow_inv in M.
    assert (HXd : 0 < X ^ d) by (apply pow_lt; exact HX).
    apply Rmult_le_reg_r with (INR d ^ d * / X ^ d).
    + apply Rmult_lt_0_compat; [exact Hdd|apply Rinv_0_lt_compat, HXd].
    + replace (IZR (self_powers e) / INR d ^ d * X ^ d * (INR d ^ d * / X ^ d)) with (IZR (self_powers e)) by (field; lra).
      unfold Rsqr. simpl in M. lra.
Qed.

(** ** The bound of the remainder, degree by degree *)
Fixpoint absolute (p : polynomial) : R :=
  match p with
  | nil => 0
  | (c, e) :: p' => Rabs (Q2R c) * kappa e + absolute p'
  end.

Lemma absolute_nonneg p : 0 <= absolute p.
Proof.
  induction p as [|[c e] p IH]; simpl; [lra|].
  assert (0 <= Rabs (Q2R c) * kappa e) by (apply Rmult_le_pos; [apply Rabs_pos|apply sqrt_pos]). lra.
Qed.

Lemma of_degree_bound n d p x : vanishes_at_zero n p = true ->
  Rabs (evaluate (of_degree d p) x) <= absolute (of_degree d p) * norm n x ^ d.
Proof.
  unfold of_degree. induction p as [|[c e] p IH]; intros H.
  - simpl. rewrite Rabs_R0. lra.
  - unfold vanishes_at_zero in H. cbn [forallb] in H. rewrite !andb_true_iff in H. destruct H as [[H1 H2] H3].
    specialize (IH H3). apply Nat.leb_le in H1, H2. cbn [filter].
    destruct (Nat.eqb (degree e) d) eqn:E; [|exact IH]. apply Nat.eqb_eq in E. cbn [evaluate absolute].
    eapply Rle_trans; [apply Rabs_triang|]. rewrite Rmult_plus_distr_r. apply Rplus_le_compat; [|exact IH].
    rewrite Rabs_mult, Rmult_assoc. apply Rmult_le_compat_l; [apply Rabs_pos|].
    rewrite <- E. apply monomial_bound; lia.
Qed.

Fixpoint sum_list (l : list nat) (f : nat -> R) : R :=
  match l with
  | nil => 0
  | q :: l' => f q + sum_list l' f
  end.

Lemma sum_list_single l d (y : R) : NoDup l -> In d l -> sum_list l (fun q => if Nat.eqb d q then y else 0) = y.
Proof.
  induction l as [|q l IH]; intros N H; [destruct H|]. inversion N as [|q' l' Hq Nl]; subst. cbn [sum_list].
  destruct (Nat.eqb d q) eqn:E.
  - apply Nat.eqb_eq in E. subst q.
    assert (Z : sum_list l (fun q => if Nat.eqb d q then y else 0) = 0).
    { clear - Hq. induction l as [|q l IH]; [reflexivity|]. cbn [sum_list].
      replace (Nat.eqb d q) with false.
      - rewrite IH; [ring|]. intros H. apply Hq. right. exact H.
      - symmetry. apply Nat.eqb_neq. intros ->. apply Hq. left. reflexivity. }
    rewrite Z. ring.
  - apply Nat.eqb_neq in E. rewrite IH; [ring|exact Nl|]. destruct H as [H|H]; [congruence|exact H].
Qed.

Lemma sum_list_plus l f g : sum_list l (fun q => f q + g q) = sum_list l f + sum_list l g.
Proof. induction l as [|q l IH]; cbn [sum_list]; [ring|]. rewrite IH. ring. Qed.

Lemma sum_list_ext l f g : (forall q, f q = g q) -> sum_list l f = sum_list l g.
Proof. intros H. induction l as [|q l IH]; cbn [sum_list]; [reflexivity|]. rewrite H, IH. reflexivity. Qed.

(** The degrees from 2 to d. *)
Definition degrees (d : nat) : list nat := seq 2 (d - 1).
Definition degree_at_most (d : nat) (p : polynomial) : bool := forallb (fun '(_, e) => Nat.leb (degree e) d) p.

Lemma higher_by_degree d p x : degree_at_most d p = true ->
  evaluate (higher p) x = sum_list (degrees d) (fun q => evaluate (of_degree q p) x).
Proof.
  unfold higher, of_degree. induction p as [|[c e] p IH]; intros H.
  - cbn [filter evaluate]. induction (degrees d) as [|q l IHl]; cbn [sum_list]; lra.
  - unfold degree_at_most in H. cbn [forallb] in H. rewrite andb_true_iff in H. destruct H as [H1 H2].
    apply Nat.leb_le in H1. specialize (IH H2). cbn [filter].
    rewrite (sum_list_ext _ _ (fun q => (if Nat.eqb (degree e) q then Q2R c * monomial e x else 0)
                                       + evaluate (filter (fun '(_, e) => Nat.eqb (degree e) q) p) x)).
    2:{ intros q. destruct (Nat.eqb (degree e) q); cbn [evaluate]; ring. }
    rewrite sum_list_plus, <- IH. destruct (Nat.leb 2 (degree e)) eqn:E.
    + apply Nat.leb_le in E. rewrite sum_list_single; [reflexivity|apply seq_NoDup|]. apply in_seq. lia.
    + apply Nat.leb_gt in E.
      assert (Z : sum_list (degrees d) (fun q => if Nat.eqb (degree e) q then Q2R c * monomial e x else 0) = 0).
      { assert (A : forall q, In q (degrees d) -> (2 <= q)%nat) by (intros q Hq; apply in_seq in Hq; lia).
        clear IH. induction (degrees d) as [|q l IHl]; cbn [sum_list]; [reflexivity|].
        replace (Nat.eqb (degree e) q) with false.
        - rewrite IHl; [ring|]. intros q' Hq'. apply A. right. exact Hq'.
        - symmetry. apply Nat.eqb_neq. assert (2 <= q)%nat by (apply A; left; reflexivity). lia. }
      rewrite Z. ring.
Qed.

(** C(r) of docs/certificate.md: the sum over q of C_q r^(q-2), with the norm over all gradient entries for each q. *)
Definition remainder_constant (n d : nat) (eta : R) (gradient : nat -> polynomial) (r : R) : R :=
  eta * sum_list (degrees d) (fun q => norm n (fun i => absolute (of_degree q (gradient i))) * r ^ (q - 2)).

Lemma norm_monotone n u v : (forall i, (i < n)%nat -> Rabs (u i) <= v i) -> norm n u <= norm n v.
Proof.
  intros H. unfold norm. apply sqrt_le_1_alt. induction n as [|n IH]; simpl; [lra|].
  apply Rplus_le_compat; [apply IH; intros i Hi; apply H; lia|].
  assert (Hn := H n ltac:(lia)). assert (P := Rabs_pos (u n)).
  replace (u n * u n) with (Rabs (u n) * Rabs (u n)) by (rewrite <- Rabs_mult; apply Rabs_pos_eq, Rle_0_sqr).
  apply Rmult_le_compat; auto.
Qed.

Lemma norm_of_sums n l (u : nat -> vector) : norm n (fun i => sum_list l (fun q => u q i)) <= sum_list l (fun q => norm n (u q)).
Proof.
  induction l as [|q l IH]; cbn [sum_list].
  - right. unfold norm. rewrite dot_zero_l by reflexivity. apply sqrt_0.
  - eapply Rle_trans; [|apply Rplus_le_compat_l, IH].
    rewrite (norm_same n _ (combination 1 (u q) 1 (fun i => sum_list l (fun q => u q i)))).
    + apply norm_triangle.
    + intros i _. unfold combination. ring.
Qed.

Theorem remainder_bounded n d eta (gradient : nat -> polynomial) r h : 0 <= eta ->
  (forall i, (i < n)%nat -> vanishes_at_zero n (gradient i) = true) ->
  (forall i, (i < n)%nat -> degree_at_most d (gradient i) = true) -> norm n h <= r ->
  norm n (fun i => - eta * evaluate (higher (gradient i)) h) <= remainder_constant n d eta gradient r * norm n h ^ 2.
Proof.
  intros Heta Hok Hd Hr.
  rewrite (norm_same n _ (scale (- eta) (fun i => sum_list (degrees d) (fun q => evaluate (of_degree q (gradient i)) h)))).
  2:{ intros i Hi. unfold scale. rewrite (higher_by_degree d) by auto. reflexivity. }
  rewrite norm_scale, Rabs_Ropp, Rabs_pos_eq by exact Heta. unfold remainder_constant.
  rewrite Rmult_assoc. apply Rmult_le_compat_l; [exact Heta|].
  eapply Rle_trans; [apply (norm_of_sums n (degrees d) (fun q i => evaluate (of_degree q (gradient i)) h))|].
  assert (N := norm_nonneg n h).
  assert (A : forall q, In q (degrees d) -> (2 <= q)%nat) by (intros q Hq; apply in_seq in Hq; lia).
  induction (degrees d) as [|q l IH]; cbn [sum_list]; [lra|].
  rewrite Rmult_plus_distr_r. apply Rplus_le_compat; [|apply IH; intros; apply A; right; assumption].
  eapply Rle_trans.
  - apply norm_monotone with (v := scale (norm n h ^ q) (fun i => absolute (of_degree q (gradient i)))).
    intros i Hi. unfold scale. rewrite Rmult_comm. apply of_degree_bound. auto.
  - rewrite norm_scale, Rabs_pos_eq by (apply pow_le; exact N).
    assert (Hq : (2 <= q)%nat) by (apply A; left; reflexivity).
    replace q with ((q - 2) + 2)%nat at 1 by lia. rewrite pow_add.
    rewrite (Rmult_comm (norm n h ^ (q - 2) * norm n h ^ 2)).
    rewrite <- Rmult_assoc.
    apply Rmult_le_compat_r; [apply pow_le; exact N|]. apply Rmult_le_compat_l; [apply norm_nonneg|].
    apply pow_incr. lra.
Qed.

(** ** The remainder's differences: Lemma 1's bound for its derivative *)
Lemma monomial_within e : forall n x s, (length e <= n)%nat -> 0 <= s -> (forall i, (i < n)%nat -> Rabs (x i) <= s) ->
  Rabs (monomial e x) <= s ^ degree e.
Proof.
  induction e as [|k e IH]; intros n x s L Hs Hx; cbn [monomial].
  - simpl. rewrite Rabs_R1. lra.
  - destruct n as [|n]; [simpl in L; lia|]. simpl in L.
    change (degree (k :: e)) with (k + degree e)%nat. rewrite pow_add, Rabs_mult.
    apply Rmult_le_compat; try apply Rabs_pos.
    + rewrite <- RPow_abs. apply pow_incr. split; [apply Rabs_pos|apply Hx; lia].
    + apply (IH n); [lia|exact Hs|]. intros i Hi. apply Hx. lia.
Qed.

Lemma power_differs a b s t k : 0 <= s -> Rabs a <= s -> Rabs b <= s -> Rabs (a - b) <= t ->
  Rabs (a ^ k - b ^ k) <= INR k * s ^ pred k * t.
Proof.
  intros Hs Ha Hb Hab. assert (Ht : 0 <= t) by (eapply Rle_trans; [apply Rabs_pos|exact Hab]).
  induction k as [|k IH].
  - simpl. rewrite Rminus_diag_eq, Rabs_R0 by reflexivity. lra.
  - replace (a ^ S k - b ^ S k) with ((a - b) * a ^ k + b * (a ^ k - b ^ k)) by (simpl; ring).
    eapply Rle_trans; [apply Rabs_triang|]. rewrite !Rabs_mult.
    assert (A : Rabs (a ^ k) <= s ^ k) by (rewrite <- RPow_abs; apply pow_incr; split; [apply Rabs_pos|exact Ha]).
    assert (H1 : Rabs (a - b) * Rabs (a ^ k) <= t * s ^ k) by (apply Rmult_le_compat; auto using Rabs_pos).
    assert (H2 : Rabs b * Rabs (a ^ k - b ^ k) <= s * (INR k * s ^ pred k * t)) by (apply Rmult_le_compat; auto using Rabs_pos).
    assert (E : s * (INR k * s ^ pred k * t) = INR k * s ^ k * t) by (destruct k; simpl; ring).
    rewrite S_INR. cbn [pred]. lra.
Qed.

Lemma monomial_differs e : forall n x y s t, (length e <= n)%nat -> 0 <= s -> 0 <= t ->
  (forall i, (i < n)%nat -> Rabs (x i) <= s) -> (forall i, (i < n)%nat -> Rabs (y i) <= s) ->
  (forall i, (i < n)%nat -> Rabs (x i - y i) <= t) ->
  Rabs (monomial e x - monomial e y) <= INR (degree e) * s ^ pred (degree e) * t.
Proof.
  induction e as [|k e IH]; intros n x y s t L Hs Ht Hx Hy Hxy; cbn [monomial].
  - simpl. rewrite Rminus_diag_eq, Rabs_R0 by reflexivity. lra.
  - destruct n as [|n]; [simpl in L; lia|]. simpl in L.
    assert (Tx : forall i, (i < n)%nat -> Rabs (tail_of x i) <= s) by (intros i Hi; apply Hx; lia).
    assert (Ty : forall i, (i < n)%nat -> Rabs (tail_of y i) <= s) by (intros i Hi; apply Hy; lia).
    assert (I := IH n (tail_of x) (tail_of y) s t ltac:(lia) Hs Ht Tx Ty ltac:(intros i Hi; apply Hxy; lia)).
    assert (W := monomial_within e n (tail_of x) s ltac:(lia) Hs Tx).
    assert (D := power_differs (x 0%nat) (y 0%nat) s t k Hs (Hx 0%nat ltac:(lia)) (Hy 0%nat ltac:(lia)) (Hxy 0%nat ltac:(lia))).
    assert (Y : Rabs (y 0%nat ^ k) <= s ^ k)
      by (rewrite <- RPow_abs; apply pow_incr; split; [apply Rabs_pos|apply Hy; lia]).
    replace (x 0%nat ^ k * monomial e (tail_of x) - y 0%nat ^ k * monomial e (tail_of y))
      with ((x 0%nat ^ k - y 0%nat ^ k) * monomial e (tail_of x) + y 0%nat ^ k * (monomial e (tail_of x) - monomial e (tail_of y)))
      by ring.
    eapply Rle_trans; [apply Rabs_triang|]. rewrite !Rabs_mult.
    assert (H1 := Rmult_le_compat _ _ _ _ (Rabs_pos _) (Rabs_pos _) D W).
    assert (H2 := Rmult_le_compat _ _ _ _ (Rabs_pos _) (Rabs_pos _) Y I).
    eapply Rle_trans; [apply Rplus_le_compat; [exact H1|exact H2]|]. right.
    change (degree (k :: e)) with (k + degree e)%nat. rewrite plus_INR.
    destruct k as [|k]; [simpl; ring|]. destruct (degree e) as [|d].
    + simpl. rewrite Nat.add_0_r. ring.
    + replace (pred (S k + S d)) with (k + S d)%nat by lia. cbn [pred]. rewrite pow_add. simpl. ring.
Qed.

(** The sum over the terms of degree q >= 2 of |c| q r^(q-2). *)
Fixpoint difference_sum (p : polynomial) (r : R) : R :=
  match p with
  | nil => 0
  | (c, e) :: p' => Rabs (Q2R c) * (INR (degree e) * r ^ (degree e - 2)) + difference_sum p' r
  end.

Lemma higher_differs n p x y s t r : vanishes_at_zero n p = true -> 0 <= s <= r -> 0 <= t ->
  (forall i, (i < n)%nat -> Rabs (x i) <= s) -> (forall i, (i < n)%nat -> Rabs (y i) <= s) ->
  (forall i, (i < n)%nat -> Rabs (x i - y i) <= t) ->
  Rabs (evaluate (higher p) x - evaluate (higher p) y) <= difference_sum (higher p) r * (s * t).
Proof.
  unfold higher. induction p as [|[c e] p IH]; intros H Hs Ht Hx Hy Hxy.
  - simpl. rewrite Rminus_diag_eq, Rabs_R0 by reflexivity. lra.
  - unfold vanishes_at_zero in H. cbn [forallb] in H. rewrite !andb_true_iff in H. destruct H as [[H1 H2] H3].
    specialize (IH H3 Hs Ht Hx Hy Hxy). apply Nat.leb_le in H2. cbn [filter].
    destruct (Nat.leb 2 (degree e)) eqn:E; [|exact IH]. apply Nat.leb_le in E. cbn [evaluate difference_sum].
    set (p' := filter (fun '(_, e) => Nat.leb 2 (degree e)) p) in *.
    replace (Q2R c * monomial e x + evaluate p' x - (Q2R c * monomial e y + evaluate p' y))
      with (Q2R c * (monomial e x - monomial e y) + (evaluate p' x - evaluate p' y)) by ring.
    eapply Rle_trans; [apply Rabs_triang|]. rewrite Rmult_plus_distr_r. apply Rplus_le_compat; [|exact IH].
    rewrite Rabs_mult, Rmult_assoc. apply Rmult_le_compat_l; [apply Rabs_pos|].
    eapply Rle_trans; [apply (monomial_differs e n x y s t); auto; lra|].
    assert (D := pos_INR (degree e)).
    replace (pred (degree e)) with (S (degree e - 2)) by lia. cbn [pow].
    replace (INR (degree e) * (s * s ^ (degree e - 2)) * t) with (INR (degree e) * s ^ (degree e - 2) * (s * t)) by ring.
    apply Rmult_le_compat_r; [apply Rmult_le_pos; lra|]. apply Rmult_le_compat_l; [exact D|]. apply pow_incr. lra.
Qed.

Lemma difference_sum_nonneg p r : 0 <= r -> 0 <= difference_sum p r.
Proof.
  intros Hr. induction p as [|[c e] p IH]; cbn [difference_sum]; [lra|].
  apply Rplus_le_le_0_compat; [|exact IH]. apply Rmult_le_pos; [apply Rabs_pos|].
  apply Rmult_le_pos; [apply pos_INR|apply pow_le, Hr].
Qed.

(** Lambda of the remainder on the ball of radius r: |g(x) - g(y)| <= Lambda s |x - y| for |x|, |y| <= s <= r. *)
Definition derivative_constant (n : nat) (eta : R) (gradient : nat -> polynomial) (r : R) : R :=
  eta * norm n (fun i => difference_sum (higher (gradient i)) r).

Theorem remainder_differences_bounded n eta (gradient : nat -> polynomial) r s x y : 0 <= eta ->
  (forall i, (i < n)%nat -> vanishes_at_zero n (gradient i) = true) -> norm n x <= s -> norm n y <= s -> s <= r ->
  norm n (difference (fun i => - eta * evaluate (higher (gradient i)) x) (fun i => - eta * evaluate (higher (gradient i)) y))
  <= derivative_constant n eta gradient r * s * norm n (difference x y).
Proof.
  intros Heta Hok Hx Hy Hs. assert (S0 : 0 <= s) by (eapply Rle_trans; [apply norm_nonneg|exact Hx]).
  set (t := norm n (difference x y)). assert (T0 : 0 <= t) by apply norm_nonneg.
  rewrite (norm_same n _ (scale (- eta) (fun i => evaluate (higher (gradient i)) x - evaluate (higher (gradient i)) y)))
    by (intros i _; unfold difference, scale; ring).
  rewrite norm_scale, Rabs_Ropp, Rabs_pos_eq by exact Heta. unfold derivative_constant.
  rewrite !Rmult_assoc. apply Rmult_le_compat_l; [exact Heta|].
  eapply Rle_trans.
  - apply norm_monotone with (v := scale (s * t) (fun i => difference_sum (higher (gradient i)) r)).
    intros i Hi. unfold scale. rewrite Rmult_comm.
    apply (higher_differs n); auto; intros j Hj.
    + eapply Rle_trans; [apply entry_norm, Hj|exact Hx].
    + eapply Rle_trans; [apply entry_norm, Hj|exact Hy].
    + apply (entry_norm n (difference x y)), Hj.
  - rewrite norm_scale, Rabs_pos_eq by (apply Rmult_le_pos; assumption). lra.
Qed.

(** ** The Hessian is the matrix of second derivatives *)
Definition hessian (f : vector -> R) (m : vector) : matrix := fun i j => partial (partial f i) j m.

Lemma evaluate_at_zero p : evaluate p zero = Q2R (fold_right (fun '(c, e) s => if Nat.eqb (degree e) 0 then Qred (c + s) else s) 0%Q p).
Proof.
  induction p as [|[c e] p IH]; [simpl; rewrite Q2R_0; reflexivity|]. cbn [evaluate fold_right]. rewrite IH.
  destruct (Nat.eqb (degree e) 0) eqn:E.
  - apply Nat.eqb_eq in E. rewrite (proj1 (degree_zero e E)), Q2R_Qred, Q2R_plus. ring.
  - apply Nat.eqb_neq in E. rewrite (monomial_zero e (length e) zero); [ring|apply Nat.le_refl|lia|intros i _; reflexivity].
Qed.

Lemma degree_lower j : forall e, (0 < nth j e 0)%nat -> S (degree (lower_exponent j e)) = degree e.
Proof. induction j as [|j IH]; intros [|k e] H; simpl in *; try lia. specialize (IH e H). lia. Qed.

Lemma derivative_at_zero j p : evaluate (derivative j p) zero = Q2R (linear_coefficient p j).
Proof.
  induction p as [|[c e] p IH]; [simpl; rewrite Q2R_0; reflexivity|].
  unfold linear_coefficient in *. cbn [fold_right].
  assert (E : evaluate (derivative j ((c, e) :: p)) zero
              = Q2R c * INR (nth j e 0%nat) * monomial (lower_exponent j e) zero + evaluate (derivative j p) zero).
  { unfold derivative. cbn [flat_map]. destruct (nth j e 0%nat) as [|k]; cbn [app evaluate].
    - simpl INR. ring.
    - rewrite Q2R_Qred, Q2R_mult, Q2R_of_nat. ring. }
  rewrite E, IH. clear E IH.
  destruct (nth j e 0%nat) as [|k] eqn:N.
  - simpl INR. destruct (Nat.eqb (degree e) 1); [|ring]. rewrite Q2R_Qred, Q2R_plus, Q2R_mult, Q2R_of_nat. simpl INR. ring.
  - assert (D := degree_lower j e ltac:(lia)). destruct (Nat.eqb (degree e) 1) eqn:E1.
    + apply Nat.eqb_eq in E1. rewrite (proj1 (degree_zero (lower_exponent j e) ltac:(lia))).
      rewrite Q2R_Qred, Q2R_plus, Q2R_mult, Q2R_of_nat. ring.
    + apply Nat.eqb_neq in E1.
      rewrite (monomial_zero (lower_exponent j e) (length (lower_exponent j e)) zero);
        [ring|apply Nat.le_refl|lia|intros i _; reflexivity].
Qed.

Definition hessian_of (m : list Q) (e : expression) (i j : nat) : Q := linear_coefficient (derivative i (expand m e)) j.

Theorem hessian_is_second_derivative e m i j :
  partial (partial (value e) i) j (vector_of m) = Q2R (hessian_of m e i j).
Proof.
  unfold hessian_of. rewrite <- derivative_at_zero. unfold partial at 1. apply is_derive_unique.
  apply (is_derive_ext (fun t => evaluate (derivative i (expand m e)) (replace_entry zero j (t - vector_of m j)))).
  - intros t. rewrite <- partial_of_loss. unfold partial.
    assert (Eq : forall l, vector_of m l + replace_entry zero j (t - vector_of m j) l = replace_entry (vector_of m) j t l).
    { intros l. unfold replace_entry, zero. destruct (Nat.eqb l j) eqn:E; [|ring]. apply Nat.eqb_eq in E. subst l. ring. }
    rewrite (Eq i). apply Derive_ext. intros s. apply value_pointwise. intros l. unfold replace_entry at 1 3.
    destruct (Nat.eqb l i); [reflexivity|apply Eq].
  - assert (H := is_derive_comp (K := R_AbsRing) (V := R_NormedModule)
             (fun t => evaluate (derivative i (expand m e)) (replace_entry zero j t))
             (fun t => t - vector_of m j) (vector_of m j) (evaluate (derivative j (derivative i (expand m e))) zero) 1).
    replace (evaluate (derivative j (derivative i (expand m e))) zero)
      with (scal 1 (evaluate (derivative j (derivative i (expand m e))) zero)) at 1
      by (unfold scal; simpl; unfold mult; simpl; ring).
    apply H.
    + replace (vector_of m j - vector_of m j) with (zero j) by (unfold zero; ring). apply polynomial_derivative.
    + auto_derive; [exact I|ring].
Qed.
